"""What the package says of its own functions, word for word (MetaTrader5 is under the MIT licence)."""

_SAID = {
    "initialize": (
        '([path],[server="SERVER"],[login=LOGIN],[password="PASSWORD"])',
        "Establish connection to MetaTrader 5 terminal",
    ),
    "login": ('(login,[server="SERVER"],[password="PASSWORD"])', "Log in to specific account"),
    "shutdown": ("()", "Disconnect from MetaTrader 5 terminal"),
    "version": ("()", "Get MetaTrader 5 terminal version"),
    "last_error": ("()", "Return last error code and description"),
    "account_info": ("()", "Return information on the current account"),
    "terminal_info": ("()", "Get parameters of MetaTrader 5 terminal"),
    "symbols_total": ("()", "Return the number of all available symbols"),
    "symbols_get": ('([group="GROUP"])', "Return all available symbols or filtred by group"),
    "symbol_info": ("(symbol)", "Return full information for specified symbol"),
    "symbol_info_tick": ("(symbol)", "Return current prices of specified symbol"),
    "symbol_select": ("(symbol,[enable])", "Select symbol in Market Watch window or remove symbol from the window"),
    "market_book_add": ("(symbol)", "Opens Depth of Market for a selected symbol"),
    "market_book_get": ("(symbol)", "Returns Depth of Market structures of a specified symbol"),
    "market_book_release": ("(symbol)", "Closes Depth of Market for a selected symbol"),
    "copy_rates_from": ("(symbol, timeframe, date_from, count)", "Get bars starting from specific date"),
    "copy_rates_from_pos": ("(symbol, timeframe, start_pos, count)", "Get bars starting from specified position"),
    "copy_rates_range": ("(symbol, timeframe, date_from, date_to)", "Get bars from specified period"),
    "copy_ticks_from": ("(symbol, date_from, count, flags)", "Get ticks starting from specific date"),
    "copy_ticks_range": ("(symbol, date_from, date_to, flags)", "Get ticks from specified period"),
    "orders_total": ("()", "Return the number of orders"),
    "orders_get": (
        '([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"])',
        "Return all orders, can be filtered by symbol, group or ticket",
    ),
    "order_calc_margin": ("(action, symbol, volume, price,)", "Calculate margin required for specified order"),
    "order_calc_profit": (
        "(action, symbol, volume, price_open, price_close)",
        "Calculate profit for the current account in the current market conditions based on parameters passed",
    ),
    "order_check": ("(request)", "Check if there are enough funds to execute required trading operation"),
    "order_send": ("(request)", "Send trading requests to server"),
    "positions_total": ("()", "Return the number of open positions"),
    "positions_get": (
        '([symbol="SYMBOL"],[ticket=TICKET],[group="GROUP"])',
        "Return all open positions, can be filtered by symbol, group or ticket",
    ),
    "history_orders_total": ("(date_from, date_to)", "Return the number of orders in selected range from history"),
    "history_orders_get": (
        '([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET])',
        "Return orders in selected range from history or filtered by position id, ticket",
    ),
    "history_deals_total": ("(date_from, date_to)", "Return the number of deals in selected range from history"),
    "history_deals_get": (
        '([date_from, date_to, [group="GROUP"]],[position=POSITION],[ticket=TICKET])',
        "Return deals in selected range from history or filtered by position id, ticket",
    ),
}

DOCS = {name: f"{name}{call}\n\n{text}" for name, (call, text) in _SAID.items()}
"""The docstring of each function."""
