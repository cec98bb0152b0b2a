"""What the gate catches: exports of three shops, damaged in known ways, judged by the gate against a sound build.

    .venv/bin/python -m tests.damages [--shop NAME] [--share 0.03] [--only NAME] [--json FILE]

`shops` makes the shops, `damages` breaks their exports, `chains` are refreshes that follow each other, `events` are
what happens in sound shops and must get through; `runner` publishes a baseline and asks the gate.
"""
