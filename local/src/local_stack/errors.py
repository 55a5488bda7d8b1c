"""The one error of the local stack: a sentence for the person at the terminal."""


class StackError(Exception):
    """Something the person must do or know; the message is one sentence and names the next step."""
