"""Pages whose kernels together are too many for a file of 80 kB: the browser weighs the file of each of their figures.

The number is what the largest may weigh. 80 kB is the aim; beyond it are figures that carry a network and its training.
"""
HEAVY = {"book/gallery_losses": 80_000, "book/gallery_networks": 85_000, "notebooks/competition": 100_000,
         "notebooks/one_family": 80_000, "notebooks/promises_about_outputs": 155_000, "notebooks/proper_losses": 80_000,
         "notebooks/sets_with_a_promise": 80_000, "notebooks/teachers_and_adversaries": 80_000,
         "notebooks/what_does_a_layer_know": 95_000}
