"""Pages whose kernels together are too many for a file of 80 kB: the browser weighs the file of each figure."""
LARGEST = 80_000
HEAVY = ("book/gallery_losses", "book/gallery_networks", "book/gallery_uncertainty", "notebooks/competition",
         "notebooks/one_family", "notebooks/promises_about_outputs", "notebooks/proper_losses",
         "notebooks/sets_with_a_promise", "notebooks/teachers_and_adversaries", "notebooks/what_does_a_layer_know")
