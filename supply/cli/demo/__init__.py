"""The demo spa: 90 days of a believable house, told by calling the services. Nothing here is for real use."""
