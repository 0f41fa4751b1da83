// What is to be done however this process ends: one listener for all of it, last come first done.
const tasks = [];

process.on('exit', () => {
  while (tasks.length) tasks.pop()();
});

export const atExit = (task) => tasks.push(task);
