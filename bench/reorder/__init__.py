"""The reorder policy in a simulated spa, beside the rules of others and a plan that knows the future."""
