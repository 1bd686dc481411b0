"""The engine: recipe in, picture out, with a callback after every denoising step."""
