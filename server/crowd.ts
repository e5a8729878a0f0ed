// A crowd that comes at once must not hold up those who are here. Whoever was not here lately goes on by turns: one with each turn of the event loop, few
// at once, and while new connections arrive hardly anybody, because the loop greets one connection with each turn and those who wait for one may be known.

/** Strangers who are looked up at once. */
const mostInside = 4;
/** Milliseconds after which one goes on although connections still arrive. */
const patienceMs = 20;

const waiting: (() => void)[] = [];
let inside = 0;
let lastIn = 0;
let hasArrived = false;
let isDue = false;

function letIn(): void {
  isDue = false;
  const now = performance.now();
  const isGreeting = hasArrived && now - lastIn < patienceMs;
  hasArrived = false;
  const next = isGreeting || inside === mostInside ? undefined : waiting.shift();
  if (next) {
    inside += 1;
    lastIn = now;
    next();
  }
  schedule();
}

function schedule(): void {
  if (isDue || waiting.length === 0 || inside === mostInside) return;
  isDue = true;
  setImmediate(letIn);
}

/** Says that a new connection was greeted in this turn of the event loop. */
export function noteArrival(): void {
  hasArrived = true;
}

/** Looks a stranger up when it is their turn. Throws what `lookUp` throws. */
export async function inTurn<Value>(lookUp: () => Promise<Value>): Promise<Value> {
  await new Promise<void>((resolve) => {
    waiting.push(resolve);
    schedule();
  });
  try {
    return await lookUp();
  } finally {
    inside -= 1;
    schedule();
  }
}
