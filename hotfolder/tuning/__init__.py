"""A LoRA from what an owner picked, rejected and left: chosen, learned, written down.

`chosen` says of which pictures and `balance` how much each counts (pure), `course` how (pure),
`gathering` finds them in a studio.
`material` makes latents and conditioning of them once, `denoising` says what a family's denoiser
is to predict, `losses` how that is to change, `trainer` goes the steps, `checkpoint` keeps them.
"""
