"""A static website of pictures: plain files that any web server, or none, can show.

`exhibit` reads a picture and makes its smaller copies (in worker processes), `arrangement` decides
what hangs where (pure), `pages` fills the templates, `folder` writes, and `site` does it all.
"""
