"""An account whose regime is read by an ensemble: the demo's, in other words."""

from pathlib import Path

from tests.demos import toml

MEMBERS = '[{ emission = "gauss" }, { emission = "t", sticky = 20 }, { detector = "jump", penalty = 20 }]'
PLAIN = 'features = [["log_return"], ["garman_klass"]]'
SMOOTH = 'features = [["log_realised_vol", 20], ["downside_deviation", 20]]'
"""By which a jump model tells the same states as the others."""
WORDS = f'{SMOOTH}\ndetector = "ensemble"\nmembers = {MEMBERS}'


def ensemble_toml(model: Path, words: str = WORDS) -> str:
    """Return the demo's configuration, its regime's features and detector in these words."""
    return toml(model).replace(PLAIN, words, 1)
