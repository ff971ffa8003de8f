export async function GET(id: string) {
  try {
    const response = await bitrixApi<{
      result: unknown[];
    }>('task.commentitem.getlist', {
      TASKID: id,
    });
    return `It's <b>${response}</b>`;
  } catch (e) { throw new Error(`can't call crm.quote.list: ${e}`) }
}
enum Method { Departments = 'department.get', Server = 'server.time' }
const commands = [['crm.deal.get', { id }], ['user.current', {}]];
const ENDPOINTS = { users: 'user.get' };
req.method = 'imbot.message.add';
if (a < b && call('crm.lead.get')) x = a > (b);
if (x) /['"]/.test(y) && call('crm.lead.list');
type Known = Record<string, Array<'crm.lead.add'>>;
handlers['crm.company.list']();
const s = "He said \"crm.quote.get\" isn't there";
