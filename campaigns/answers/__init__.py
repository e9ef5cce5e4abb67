"""How customers answer: opens, clicks and unsubscribing, as what they do to deliveries and to the time line."""
