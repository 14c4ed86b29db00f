"""The stock ledger: movements, lots, holdings, stock levels, demand per day. The truth about stock."""
