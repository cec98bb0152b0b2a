"""What `map` guesses of a file that nobody has described: how it is written, what it holds, what its columns are.

Only here is anything guessed, and what is guessed is written down with its reason, to be read before it is used.
"""
