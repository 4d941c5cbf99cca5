"""Commands that come over a message broker, and the answers that go back."""
