// Calls Service Catalog as it is told, a line of JSON a call: {account, operation, input}; answers a line of JSON.
import { createInterface } from "node:readline";
import * as catalog from "@aws-sdk/client-service-catalog";

const [endpoint, region] = process.argv.slice(2);
const clients = new Map();

function clientOf(account) {
  if (!clients.has(account)) {
    const credentials = { accessKeyId: account, secretAccessKey: "any" };
    clients.set(account, new catalog.ServiceCatalogClient({ endpoint, region, credentials }));
  }
  return clients.get(account);
}

async function answer({ account, operation, input }) {
  try {
    const { $metadata, ...output } = await clientOf(account).send(new catalog[`${operation}Command`](input));
    return output;
  } catch (error) {
    return { failed: `${error.name}: ${error.message}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
