import type { UrlLists } from './url-lists.js'

/**
 * An example of lists and nothing more: enough to see each rule at work, far too short to clean a crawl. The names end in
 * `.example`-like words that nobody owns; public lists such as that of Université Toulouse Capitole (CC BY-SA) have millions.
 */
export const EXAMPLE_URL_LISTS = {
  domains: [
    'casino-example.com',
    'pills-example.net',
    'warez-example.org',
    'ads.portal-example.com',
    'spam.forum-example.org',
  ],
  urls: ['https://www.portal-example.com/adult/index.html', 'http://forum-example.org/warez.php?page=1'],
  bannedWords: ['porn', 'xxx', 'hentai', 'camgirl', 'camgirls', 'nsfw', 'viagra', 'cialis', 'escorts', 'sexcam'],
  softBannedWords: [
    'adult',
    'bet',
    'bets',
    'casino',
    'dating',
    'escort',
    'nude',
    'poker',
    'sex',
    'sexy',
    'slots',
    'teen',
    'webcam',
  ],
  bannedSubwords: [
    'freeporn',
    'pornstar',
    'sexvideo',
    'xxxvideo',
    'onlinecasino',
    'buyviagra',
    'nudephoto',
    'webcamgirl',
  ],
} as const satisfies UrlLists
