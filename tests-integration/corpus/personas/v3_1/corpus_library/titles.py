TITLES = {"Emma", "Walden"}
