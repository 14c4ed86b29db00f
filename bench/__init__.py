"""How fast the product is, beside what is possible on the same machine in the same minute."""
