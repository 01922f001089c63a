/* What a page has around its figures, in parts that a file leaves out: they add what is called with a figure after it was
   drawn, once when all have started, and at the very end, also where none could start. */
const [afterDrawing, afterStart, atLast] = [[], [], []];
