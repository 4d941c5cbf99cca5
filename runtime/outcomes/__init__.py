"""What became of every trade wanted: realised and counterfactual."""
