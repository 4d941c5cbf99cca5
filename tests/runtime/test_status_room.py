"""How much more may be lost, as status tells it in money: of the day, and by the rule of a drawdown."""

from config.drawdown import DrawdownSection
from runtime.status import room_of
from tests.cores import BALANCE, a_lane, a_plan, buy, closed
from tests.told import Told


def test_room_is_told_of_every_limit_of_losses() -> None:
    """Two hundred are lost: of 5 % a day by the mandatory limit, and of 4 % a day and 8 % in all by the rule."""
    rule = DrawdownSection(preset="trailing", initial=BALANCE)
    told = Told(a_plan(a_lane({3: buy()}), drawdown=rule))
    told.enter(3)
    told.tell(closed(4, 98.1))

    assert {"day": 300.0, "daily": 200.0, "total": 600.0} == room_of(told.core)


def test_without_a_rule_there_is_the_room_of_the_day() -> None:
    """It is mandatory."""
    told = Told(a_plan(a_lane({})))
    told.tell(closed(3))

    assert {"day": 500.0} == room_of(told.core)


def test_before_the_first_bar_there_is_none() -> None:
    """No day has begun."""
    assert {} == room_of(Told(a_plan(a_lane({})), opened=False).core)
