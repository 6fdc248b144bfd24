import { describe, expect, it } from 'vitest';
import type { HttpOptions } from '../../../src/protocols/http/options.ts';
import { OK, records } from './drive.ts';

const BASIC = `Basic ${Buffer.from('alice:hunter2').toString('base64')}`;
const FORM = 'user=alice&password=hunter2&Api_Key=k123';

const REQUEST =
  `POST /login?user=alice&pass%77ord=hunter2&access_token=t0ken&page=2 HTTP/1.1\r\nHost: h\r\n` +
  `Authorization: ${BASIC}\r\nCookie: session=s3cret; theme=d4rk\r\nX-Api-Key: k123\r\nX-Plain: seen\r\n` +
  `Referer: http://bob:pa55@r.test/?token=t0ken&x=1\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
  `Content-Length: ${FORM.length}\r\n\r\n${FORM}`;
const RESPONSE =
  'HTTP/1.1 302 Found\r\nSet-Cookie: id=s3cret; Path=/\r\nLocation: /x?code=c0de\r\nContent-Length: 0\r\n\r\n';

const everything: Partial<HttpOptions> = {
  send_all_headers: true,
  send_request: true,
  send_response: true,
  include_body_for: ['form'],
};
const told = (options: Partial<HttpOptions> = {}) =>
  records(
    [
      ['>', REQUEST],
      ['<', RESPONSE],
    ],
    { ...everything, ...options },
  )[0];
const headersOf = (headers: unknown) => new Map(headers as [string, unknown][]);

describe('secrets', () => {
  it('are masked in every field, their length stays', () => {
    const one = told();
    const all = JSON.stringify(one);
    for (const secret of ['hunter2', 't0ken', 's3cret', 'k123', 'pa55', 'c0de', 'd4rk', BASIC.slice(6)]) {
      expect(all, secret).not.toContain(secret);
    }
    expect(one).toMatchObject({
      urlOriginal: '/login?user=alice&pass%77ord=xxxxxxx&access_token=xxxxx&page=2',
      urlQuery: 'user=alice&pass%77ord=xxxxxxx&access_token=xxxxx&page=2',
      urlPath: '/login',
      referrer: 'http://bob:xxxx@r.test/?token=xxxxx&x=1',
      requestBody: 'user=alice&password=xxxxxxx&Api_Key=xxxx',
      userName: 'alice',
      relatedUser: ['alice'],
    });
    const request = headersOf(one.requestHeaders);
    expect(request.get('authorization')).toBe('*'.repeat(BASIC.length));
    expect(request.get('cookie')).toBe('session=******; theme=****');
    expect(request.get('x-plain')).toBe('seen');
    const response = headersOf(one.responseHeaders);
    expect(response.get('set-cookie')).toBe('id=******; Path=/');
    expect(response.get('location')).toBe('/x?code=xxxx');
    expect((one.request as string).length).toBe(REQUEST.length);
  });

  it('are shown with show_secrets, save what other options hide', () => {
    const one = told({ show_secrets: true });
    expect(headersOf(one.requestHeaders).get('authorization')).toBe(BASIC);
    expect(one.request).toBe(REQUEST);
    const less = told({
      show_secrets: true,
      redact_authorization: true,
      redact_headers: ['X-Plain'],
      hide_keywords: ['Page'],
    });
    expect(headersOf(less.requestHeaders).get('authorization')).toBe('*'.repeat(BASIC.length));
    expect(headersOf(less.requestHeaders).get('x-plain')).toBe('REDACTED');
    expect(less.request).not.toContain('seen');
    expect(less.userName).toBeUndefined();
    expect(less.urlQuery).toContain('page=x');
    expect(less.urlQuery).toContain('token=t0ken');
  });

  it('user names come from Basic and Digest', () => {
    const user = (authorization: string) =>
      records([
        ['>', `GET / HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\n\r\n`],
        ['<', OK],
      ])[0].userName;
    expect(user(`basic   ${BASIC.slice(6)}`)).toBe('alice');
    expect(user('Digest realm="r", username="bob", uri="/"')).toBe('bob');
    expect(user('Bearer abc')).toBeUndefined();
    expect(user('Basic ????')).toBeUndefined();
  });
});

describe('headers', () => {
  const REPEATED = `GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nVia: a\r\nX-A: 2\r\nx-a: 3\r\nX-Forwarded-For: 192.0.2.7, 10.0.0.1\r\nCookie: a=1; b=2\r\n\r\n`;

  it('repeated ones are arrays, wanted ones are sent', () => {
    const [one] = records(
      [
        ['>', REPEATED],
        ['<', OK],
      ],
      { send_headers: ['X-A', 'via'] },
    );
    expect(one.requestHeaders).toEqual([
      ['content-length', 0],
      ['x-a', ['1', '2', '3']],
      ['via', 'a'],
    ]);
  });

  it('split_cookie gives one entry per cookie', () => {
    const [one] = records(
      [
        ['>', REPEATED],
        ['<', OK],
      ],
      { send_headers: ['cookie'], split_cookie: true, show_secrets: true },
    );
    expect(one.requestHeaders).toEqual([
      ['content-length', 0],
      ['cookie.a', '1'],
      ['cookie.b', '2'],
    ]);
  });

  it.each([
    ['{"user":"alice","password":"hunter2"}', '{"user":"alice","password":"xxxxxxx"}'],
    [
      '{"a":{"Access_Token" : "t\\"q","n":[{"client_secret":"s"}]}}',
      '{"a":{"Access_Token" : "xxxx","n":[{"client_secret":"x"}]}}',
    ],
    ['{"code":"E42","total_tokens":57,"token_type":null}', '{"code":"E42","total_tokens":57,"token_type":null}'],
    ['{"pass\\u0077ord":"hunter2"}', '{"pass\\u0077ord":"xxxxxxx"}'],
    ['["password","hunter2"]', '["password","hunter2"]'],
    ['{"password":"hun', '{"password":"xxx'],
    ['{"card":"4242"}', '{"card":"4242"}'],
    [
      '{"passwords":["hunter2", 3, {"old":"t"}],"credentials" : {"user":"al","n":[[]],"deep":{"k":"v"}},"z":"seen"}',
      '{"passwords":["xxxxxxx", 3, {"old":"x"}],"credentials" : {"user":"xx","n":[[]],"deep":{"k":"x"}},"z":"seen"}',
    ],
    ['{"tokens":[["a","b"],"c"}],"z":"seen"', '{"tokens":[["x","x"],"x"}],"z":"seen"'],
    ['{"password":{"a":["hun', '{"password":{"a":["xxx'],
    ['{"password":}{"password":,"z":"seen"', '{"password":}{"password":,"z":"seen"'],
    ['{"a+b%20c":"4242","a b c":"seen"}', '{"a+b%20c":"4242","a b c":"seen"}'],
    ['{"password', '{"password'],
    ['{"password":', '{"password":'],
    ['{"x\\', '{"x\\'],
  ])('masks texts in JSON: %s', (text, masked) => {
    const body = (options: Partial<HttpOptions>) =>
      records(
        [
          ['>', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
          ['<', `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`],
        ],
        { include_body_for: ['json'], ...options },
      )[0].responseBody;
    expect(body({})).toBe(masked);
    expect(body({ show_secrets: true })).toBe(text);
    expect(body({ hide_keywords: ['card', 'code', 'a+b%20c'] })).toBe(
      masked.replace('"4242"', '"xxxx"').replace('E42', 'xxx'),
    );
  });

  it('hides whatever a name has that the user hides', () => {
    const text =
      '{"pin": 1234,"a":{"card":{"no":[42, -1.5e3 ,true],"x": null} , "y":7},"list":[{"pin":false},{"pin":5}],"pins":1,"secret":{"pin":[1],"n":2},"pin":"12';
    const [one] = records(
      [
        ['>', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
        ['<', `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`],
      ],
      { include_body_for: ['json'], hide_keywords: ['pin', 'card'] },
    );
    expect(one.responseBody).toBe(
      '{"pin": xxxx,"a":{"card":{"no":[xx, xxxxxx ,xxxx],"x": xxxx} , "y":7},"list":[{"pin":xxxxx},{"pin":x}],"pins":1,"secret":{"pin":[x],"n":2},"pin":"xx',
    );
  });

  it('redact_headers comes before split_cookie', () => {
    const [one] = records(
      [
        ['>', REPEATED],
        ['<', OK],
      ],
      { send_headers: ['cookie'], split_cookie: true, show_secrets: true, redact_headers: ['Cookie'] },
    );
    expect(one.requestHeaders).toEqual([
      ['content-length', 0],
      ['cookie', 'REDACTED'],
    ]);
  });

  it('hide_keywords are names as forms spell them', () => {
    const [one] = records(
      [
        ['>', 'GET /?credit+card=1&credit%20card=2&stra%c3%9fe=3&other=4 HTTP/1.1\r\nHost: h\r\n\r\n'],
        ['<', OK],
      ],
      { hide_keywords: ['Credit Card', 'Straße'] },
    );
    expect(one.urlQuery).toBe('credit+card=x&credit%20card=x&stra%c3%9fe=x&other=4');
  });

  it('long names, as nested forms generate them, are read to their end', () => {
    const [one] = records([
      ['>', `GET /?${'ctl00%24Main%24'.repeat(20)}Password=hunter2 HTTP/1.1\r\nHost: h\r\n\r\n`],
      ['<', OK],
    ]);
    expect(one.urlQuery).toMatch(/Password=xxxxxxx$/);
  });

  it('masks the fields of a form in parts', () => {
    const part = (disposition: string, value: string) =>
      `--b 1\r\nContent-Disposition: form-data; ${disposition}\r\nContent-Type: text/plain\r\n\r\n${value}\r\n`;
    const form =
      part('name="user"', 'alice') +
      part('name="new_password"', 'hunter2') +
      part('filename="password"; name=doc', 'seen') +
      part('name=card', '42') +
      part('name="c+1%20%"', '43') +
      part('name="c 1 %"', 'seen') +
      part('name="say %22card%22"', '44') +
      part('name="say \\"card\\""; x=y', '45');
    const body = (options: Partial<HttpOptions>, text: string) =>
      records(
        [
          [
            '>',
            `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary="b 1"\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
          ],
          ['<', OK],
        ],
        { include_body_for: ['form'], ...options },
      )[0].requestBody;
    const whole = `${form}--b 1--\r\n`;
    const masked = whole.replace('hunter2', 'xxxxxxx');
    expect(body({}, whole)).toBe(masked);
    expect(body({ hide_keywords: ['card', 'c+1%20%', 'say "card"'] }, whole)).toBe(masked.replace(/4[2-5]/g, 'xx'));
    expect(body({ show_secrets: true }, whole)).toBe(whole);
    // One that ends within a secret.
    const cut = whole.slice(0, whole.indexOf('ter2'));
    expect(body({}, cut)).toBe(cut.replace('hun', 'xxx'));
  });

  it('masks the JSON and the forms among the parts of a form', () => {
    const part = (type: string, value: string) =>
      `--b\r\nContent-Disposition: form-data; name="doc"\r\nContent-Type: ${type}\r\n\r\n${value}\r\n`;
    const text = `${part('application/json', '{"password":"hunter2"}')}${part('application/x-www-form-urlencoded', 'a=1&password=hunter2')}${part('text/plain', 'password=hunter2')}--b--\r\n`;
    const [one] = records(
      [
        [
          '>',
          `POST / HTTP/1.1\r\nHost: h\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
        ],
        ['<', OK],
      ],
      { include_body_for: ['form'] },
    );
    expect(one.requestBody).toBe(
      text.replace('"hunter2"', '"xxxxxxx"').replace('&password=hunter2', '&password=xxxxxxx'),
    );
  });

  it('real_ip_header gives the first address', () => {
    const [one] = records(
      [
        ['>', REPEATED],
        ['<', OK],
      ],
      { real_ip_header: 'X-Forwarded-For' },
    );
    expect(one.forwardedIp).toBe('192.0.2.7');
  });

  it.each([
    ['192.0.2.7:4711, 10.0.0.1', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['for=192.0.2.7;proto=http;by=10.0.0.1, for=10.0.0.2', '192.0.2.7'],
    ['proto=https; For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['for="192.0.2.7:80"', '192.0.2.7'],
    ['unknown, 192.0.2.7', undefined],
    ['for=_hidden', undefined],
    ['for=', undefined],
    ['192.0.2.700:1', undefined],
  ])('real_ip_header reads %s', (value, address) => {
    const [one] = records(
      [
        ['>', `GET / HTTP/1.1\r\nHost: h\r\nReal: ${value}\r\n\r\n`],
        ['<', OK],
      ],
      { real_ip_header: 'real' },
    );
    expect(one.forwardedIp).toBe(address);
  });

  it('named like properties of every object stay data', () => {
    const head = 'GET / HTTP/1.1\r\nHost: h\r\n__proto__: x\r\nconstructor: y\r\n__proto__: z\r\n\r\n';
    const [one] = records(
      [
        ['>', head],
        ['<', OK],
      ],
      { send_all_headers: true },
    );
    expect(one.requestHeaders).toContainEqual(['__proto__', ['x', 'z']]);
    expect(one.requestHeaders).toContainEqual(['constructor', 'y']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
