"""Where pictures are rendered: in a thread of the daemon's process, or in processes of their own.

An executor has a number of slots. The daemon gives each slot orders and hears reports, both plain
data (`orders`): a task goes out with recipes, the models and the pixels of a source picture, and
pixels and facts come back. What the daemon promises, and what it may rely on:

- It gives a slot one task at a time, and only a refinement, or words to look for in a picture, to
  a slot where a draft is being rendered. The draft pauses after its present denoising step, stays
  paused when the refinement has ended, and goes on at `Resume`; it comes out as if it had never
  been paused.
- A task is one refinement, or some drafts that may be drawn together. For each of its pictures
  comes exactly one report: `Done` (`Found` for words, `Encoded`), `Cancelled`, `Failed`, or `Lost`
  when the worker is gone. That costs no other slot anything, and the slot's next task finds a new
  worker.
- `Failed` with `device`, and `Lost`, take the slot out for a while, longer each time until it has
  made a picture. The other slots go on; a device's failure is never counted against a picture.
- `Cancel` is obeyed at the next denoising step.
- No executor writes into the studio, keeps a backlog, or tries anything again by itself.

- Slots may come and go: an executor reports `Joined` and `Left`. What was on a slot that left is
  lost without another word. `Trouble` says why a computer, or all of them, renders nothing now.

`inside` is the executor of one device, `processes` that of several, `ray` that of a cluster.
Another one is a function with the signature of `opening.open_executor`, offered by an installed
package as an entry point of the group `hotfolder.executors` and chosen by its name in the settings
of its computer. The tests in `tests/executors` hold for it as well.
"""
