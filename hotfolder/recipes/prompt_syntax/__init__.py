"""What people write into prompts beside words: weights, breaks, parts, edits, LoRAs. Pure.

`parse` makes a tree of a text, `schedule` says what of it holds at each denoising step; `swarmui`
and `invokeai` put the forms of those programs into ours. The rules are those that the wiki of
AUTOMATIC1111/stable-diffusion-webui documents. Any text is some prompt: what has no meaning is
taken as it is written. Reading takes a time in proportion to the text's length.
"""
