"""How well a taste is learned, by simulated owners on drafts of the shipped model.

    python -m benchmarks.taste CACHE [PART ...]

PART is one of the files here that has `measure`; by default all. CACHE is a folder for the drafts,
which are rendered once (992 of them: minutes to an hour). All seeds are in these files.

An owner has a hidden taste, and every tenth of what pleases is a wrong click: that many others are
liked in its place. Subjects, hours and seasons are taken from what was asked for; where subject,
horizon and moon are in a draft is told by an eye that has seen painted scenes alone.
"""
