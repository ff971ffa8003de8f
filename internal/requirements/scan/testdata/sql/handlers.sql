-- 'crm.lead.get' was called once
/* INSERT INTO methods VALUES ('crm.lead.add'); */
INSERT INTO queue (method, url, note) VALUES
  ('crm.deal.update', 'https://portal.example.com/rest/1/abc/crm.item.get.json', 'it''s -- no comment'),
  ('crm.company.add', 'it\'s one', "a /* b");
UPDATE queue SET method = 'tasks.task.add' WHERE method = 'ONCRMDEALADD' AND file <> 'crm.sql';
