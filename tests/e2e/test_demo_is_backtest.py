"""The daemon's decisions and deals, made by three processes, are those of the backtest, field by field."""

import csv

from pathlib import Path

import pytest

from config.load import load
from backtests.backtest import run_backtest
from market.sp500 import read_sp500
from tests.compare import told, unlike
from tests.demos import BREAKOUT, Demo
from tests.e2e.conftest import MakeDemo
