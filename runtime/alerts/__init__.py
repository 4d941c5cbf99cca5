"""The people on call: which alerts are open, who is called for each and when, and the way it reaches them."""
