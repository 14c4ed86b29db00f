"""The garbage collector, told how this program lives: at the start of every process that works."""

import gc


def settle() -> None:
    # What was made so far lives as long as the process; the collector need not walk through it each time.
    gc.collect()
    gc.freeze()
    # A request makes thousands of objects and hardly a circle: they are looked for less often.
    gc.set_threshold(20_000, 20, 50)
    gc.enable()
