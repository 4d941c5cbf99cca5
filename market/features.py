"""The register of features, and lists of them: folded together, and known by a fingerprint."""

import hashlib

from collections.abc import Sequence

import msgspec

from market.feature import Feature, FeatureError, told_of
from market.features_averages import EMA, SMA, ZSCORE
from market.features_channels import DONCHIAN, DONCHIAN_HIGH, DONCHIAN_LOW
from market.features_clock import HOUR_OF_WEEK
from market.features_momentum import EFFICIENCY_RATIO, RSI
from market.features_trend import SORTINO, TREND_T
from market.features_volatility import (
    ATR,
    DOWNSIDE_DEVIATION,
    GARMAN_KLASS,
    INTRABAR_VOL,
    LOG_RETURN,
    REALISED_VOL,
)
from market.features_volume import LOG_VOLUME_ZSCORE
from market.features_windows import LOG_REALISED_VOL, YANG_ZHANG
from market.kernel import fingerprint
from market.types import Bar

FeatureRef = tuple[str, tuple[float, ...]]
"""A feature by name and parameters: ("ema", (20.0,))."""

FEATURES: dict[str, Feature] = {
    feature.name: feature
    for feature in (
        LOG_RETURN,
        SMA,
        EMA,
        ZSCORE,
        RSI,
        EFFICIENCY_RATIO,
        REALISED_VOL,
        GARMAN_KLASS,
        INTRABAR_VOL,
        ATR,
        DOWNSIDE_DEVIATION,
        LOG_REALISED_VOL,
        YANG_ZHANG,
        TREND_T,
        SORTINO,
        LOG_VOLUME_ZSCORE,
        DONCHIAN,
        DONCHIAN_HIGH,
        DONCHIAN_LOW,
        HOUR_OF_WEEK,
    )
}
"""Every feature by name."""


def feature_of(ref: FeatureRef) -> Feature:
    """Return the feature a reference names; FeatureError where there is none, or its parameters do not fit.

    >>> feature_of(("ema", (20.0,))).unit
    'price'
    >>> feature_of(("ema", ()))
    Traceback (most recent call last):
    market.feature.FeatureError: feature 'ema' takes 1 parameter(s) (n), not 0: write ["ema", n]
    """
    name, params = ref
    feature = FEATURES.get(name)
    if feature is None:
        known = ", ".join(sorted(FEATURES))
        raise FeatureError(f"unknown feature {name!r}; known are: {known}")
    if len(params) != len(feature.params):
        names = ", ".join(feature.params) or "none"
        form = ", ".join((f'"{name}"', *feature.params))
        raise FeatureError(
            f"feature {name!r} takes {len(feature.params)} parameter(s) ({names}), not {len(params)}: write [{form}]"
        )
    for label, least, value in zip(feature.params, feature.least, params, strict=True):
        if not (least <= value <= _MOST and value == int(value)):
            raise FeatureError(f"feature {name!r}: {label} is {value}, but must be a whole number, {least} to {_MOST}")
    return feature


_MOST = 100_000  # bars in a window


def feature_list_fingerprint(refs: Sequence[FeatureRef]) -> str:
    """Return the SHA-256 over name, version, parameters and kernel code of each feature, in order.

    A model that was trained on one list is refused where this differs.
    """
    digest = hashlib.sha256()
    for ref in refs:
        feature = feature_of(ref)
        params = tuple(float(x) for x in ref[1])
        digest.update(repr((feature.name, feature.version, params, fingerprint([feature.step]))).encode())
    return digest.hexdigest()


FeatureState = list[list[float]]
"""State of a list of features: one flat list for each."""


class FeatureSet(msgspec.Struct, frozen=True):
    """Features folded together; it holds no state itself, so that a snapshot of the state is the whole story."""

    refs: tuple[FeatureRef, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot be computed: FeatureError."""
        for ref in self.refs:
            feature_of(ref)

    @property
    def warmup(self) -> int:
        """Bars until every feature has a value."""
        return max((FEATURES[name].warmup(params) for name, params in self.refs), default=0)

    def init(self) -> FeatureState:
        """Return the state before the first bar."""
        return [FEATURES[name].init(params) for name, params in self.refs]

    def step(self, state: FeatureState, bar: Bar) -> tuple[float, ...]:
        """Fold a closed bar into the state, which is changed, and return the values in the order of `refs`."""
        told, t = told_of(bar), bar.time / 1000.0
        values = []
        for (name, params), s in zip(self.refs, state, strict=True):
            feature = FEATURES[name]
            values.append(feature.step(s, params, *told[feature.of], t))
        return tuple(values)
