"""What becomes of a prompt: conditioning for the denoiser, one encoder for each kind of reader."""
