"""Finding: any thing of the house by a few letters of it."""
