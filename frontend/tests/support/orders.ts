/**
 * What a test orders instead of the usual answers: `PUT /test/orders` with a list of
 * `{path, status, body}`, each for every path that begins so; a status of 0 never answers. An empty list ends it.
 */
export interface Order {
  path: string;
  status: number;
  body: unknown;
}

let orders: readonly Order[] = [];

export function takeOrders(sent: unknown): void {
  orders = sent as readonly Order[];
}

export function orderFor(path: string): Order | null {
  return orders.find((one) => path.startsWith(one.path)) ?? null;
}
