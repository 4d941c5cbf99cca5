"""The words and the numbers: symbols, bars, ticks, orders, deals, and the feature folds over them."""
