/**
 * ss58 addresses of //miner/1, //miner/2, ... below Substrate's public development phrase, so that the repos can be
 * bound to their owners without a line of cryptography here.
 */
export const MINER_HOTKEYS = [
  '5EnZS7ZBt9HukjpdioEfTHUaRpXfySMC7xVx799tFvkNxHer',
  '5Cki1nZTh48T5DjmaBb6DQGoy3NLJ4T26mmsHZQDRt5dsnCm',
  '5DkW9rrL68oa8c4CjDZ62nLj3YQ7id6zWQwe96HzfG3JZWJj',
  '5DiBAgwViYrKotEpN7tQrjvMU3Qbjky7hRq6YD2wFtX3WWiB',
  '5Gj9ExCot1vmUmuP1VkAU3g3jyszjzHRN5PMYr8ku6XFomf3',
  '5HYUN3DAxYFFnDPFKqAKCCoCXQru3Z1gpf5hPKGYZGpjYttX',
  '5DJFfN3jxJxwK9iJdxjYUvUiBDMxyhC4Z8HGbq6QzWLtKuTe',
  '5EhqDKma3QhVPsS468ispuLJVqgwiDGSekDfURgeQ2DDmv1d',
  '5C9xvGjDQhmCYMhGKnPwhEjWRYpMvjoFv6LUcigfDsDtZWnK',
  '5CK5HNFpdgMKMQ1wSxwci1mumEmC3HXhgLzxtVsMj7VVe2Y6',
  '5FU3NeQD5rBzSb3pEAn1xuEABr4tZuKnGAw24fKLW5WfU9vF',
  '5DyHHNUUVKc3LnGGu8TYWYDvydDaT1rZdjH1rbpc7CXrvBFf',
  '5EAQ7Dgqs6d85Gk6EbkqcN32QTWDAmFVmPpWwTtXp1JF6c6B',
  '5GEAZR2Nk3NZx2yqm1Ko675UiXx3kpDmfxkJzH3nW55PuTuG',
  '5CkvNMxoeRuJzNXG6oDCmp3QeFDFC9Xis95TdpoYkzLNw5n5',
  '5D4j1GvTJZ79wBLfqDrEvDfLBN3useGpqf33LJnKbSwPoTfz',
  '5HBDZyk1Z7zxJCMJQxcCrdUPsY6VaAYKKCXauR7tiVRmegtg',
  '5GdzdR1TUfwV8ETewTeSFrakMPgNDa8NZgwTaXGDvc2tqdrN',
  '5EX2z8N595CpDdFLCquYrLpXZxLsZ1SUEQT4oHisb1oDVczH',
  '5ExeZq9MtfErVq7UxxRnmnAyWSpfGQhdCpt7McYqSqjFMpDb',
  '5DPu8QAZceUYGZwf9duWk3XKDg3hGnFskAbBVC8VEtpd2Yjo',
] as const;
