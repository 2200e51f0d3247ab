"""The proof that retraining pays off: a simulated person corrects images of real sets while models learn from them."""
