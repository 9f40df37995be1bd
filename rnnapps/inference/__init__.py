"""What the predictors of the applications share."""
