"""What an owner likes, learned from what they do: pure, numpy alone, no file and no clock.

`judgements` are what was done with pictures, `features` what is known of them; `scale` brings
features of all kinds on one scale, `logistic` learns, `judge` is what comes of it, and `lessons`
says it in words.
"""
