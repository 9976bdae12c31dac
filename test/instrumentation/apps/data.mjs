// An application that asks paid APIs for data; they are in the process itself.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { withTags } from '../../../instrumentation/index.ts';

const answers = {
  '/v1/search/news': { headers: { 'x-credits-used': '3' }, body: { hits: 1 } },
  '/v1/search/refused': { status: 429, headers: { 'x-credits-used': '1' }, body: {} },
  '/v1/search/silent': { body: {} },
  '/scrape/customer-42': { body: { usage: { credits: 5 }, page: 'text' } },
  '/geocode': { body: { lat: 1 } },
  '/free': { body: {} },
};
const server = createServer((request, response) => {
  const { status = 200, headers = {}, body } = answers[new URL(request.url, 'http://host').pathname];
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ ...body, baggage: request.headers.baggage }));
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const root = `http://127.0.0.1:${server.address().port}`;
const told = [];
for (const path of Object.keys(answers))
  await withTags({ task_id: path, customer_id: 'acme' }, async () => {
    const response = await fetch(
      `${root}${path}?key=secret`,
      path === '/geocode' ? { method: 'POST', body: '{}' } : {},
    );
    told.push(response.status, await response.text());
  });
console.log(JSON.stringify(told));
server.close();
server.closeAllConnections();
