if (event.toLowerCase() === 'oncrmdealadd') a()
switch (name) { case 'onTaskAdd': b() }
const handlers = { 'OnUserAdd': 1 }
