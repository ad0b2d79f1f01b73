"""What a trigger does: rates, efficiencies, and how few bits it needs."""
