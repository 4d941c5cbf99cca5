"""One story, told in readable lines: `python -m tests.chaos.replay SEED`."""

import argparse
import sys

from collections.abc import Iterator

from tests.chaos.story import Story, story_of
from tests.chaos.sweep import folder, played


def plot(story: Story) -> Iterator[str]:
    """Yield what was drawn for a story."""
    pace = "recorded time waits for the daemon" if story.lockstep else f"a bar every {story.bar_s:g} s"
    kind = "netting" if story.netting else "hedging"
    yield f"seed {story.seed}: {story.length} bars of {', '.join(story.symbols)} on a {kind} account, {pace}"
    for symbol, script in story.lanes:
        yield f"  on {symbol}: " + " ".join("-" if not line[0] else f"{line[0]:+.0f}/{line[1]:.0f}" for line in script)
    for strike in story.strikes:
        yield f"  fault {strike.fault!r} at {strike.at}, {strike.seconds:g} s"
    for said in story.said:
        foreign = ", of foreign ones too" if said.foreign else ", over the bus" if said.over_bus else ""
        yield f"  operator says {said.level} of {said.scope or 'the account'}{foreign} after bar {said.at}"
    for crash in story.crashes:
        yield f"  crash of {crash.victim} at {crash.point!r}, time {crash.nth}, after {crash.after!r}"


def main(argv: list[str] | None = None) -> int:
    """Replay one seed; returns 1 where the oracle complains."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.replay", description=main.__doc__)
    parser.add_argument("seed", type=int)
    seed = parser.parse_args(argv).seed
    with folder() as where:
        world, complaints = played(seed, where, telling=True)
    tale = (line.replace(str(where), "HERE") for line in world.tale)  # its name is another each time
    lines = [*plot(story_of(seed)), *tale, *(f"COMPLAINT {line}" for line in complaints)]
    sys.stdout.write("\n".join([*lines, "" if complaints else "the oracle has no complaint"]) + "\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
