"""The live page: one page in the browser for the treadmill's screen, the phone and the coach."""
