// What makes a query a question, as data. English openers stand at the start; `ASKING` openers also
// introduce titles and names ("Is This It"), so they need more words after them. Chinese question
// words may stand anywhere, particles only at the end.

export const ENGLISH_OPENERS = [
  "who", "whom", "whose", "who's", "what", "what's", "when", "when's", "where", "where's", "which", "why", "how",
  "how's", "in which", "in what", "at what", "on what", "to what", "by what", "for what", "from which", "from what",
  "of what", "with what", "with whom", "by whom", "to whom",
];

export const ENGLISH_ASKING = [
  "is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will", "has", "have", "had",
];

export const CHINESE_WORDS = [
  "谁", "誰", "什么", "什麼", "甚么", "甚麼", "哪", "怎么", "怎麼", "怎样", "怎樣", "如何", "为何", "為何", "为什么",
  "為什麼", "为啥", "多少", "多久", "多长", "多長", "多大", "多高", "多远", "多遠", "多重", "几个", "幾個", "几年", "幾年",
  "几月", "幾月", "几次", "幾次", "几位", "幾位", "几岁", "幾歲", "几名", "幾名", "几点", "幾點", "何时", "何時", "何地",
  "何处", "何處", "何人", "何年", "是否", "能否", "可否", "是不是", "有没有", "有沒有", "能不能", "会不会", "會不會",
];

export const CHINESE_PARTICLES = ["吗", "嗎", "呢", "么", "麼"];

// Frequent characters that exist in one of the two Chinese scripts only; they choose the `lang` of a
// text, and with it the glyphs.
export const TRADITIONAL_ONLY =
  "這個們說國會學時來對發經過還後點開關長門問間東車馬魚鳥龍飛電話語請讀書寫區無為與從兩應當實現體頭種類義務員團圖場處號見觀親覺視遠運達選邊進連週總統聯繫組織結給絕級約紅純線練終續羅網職聽聲聞臺灣萬葉蘇蘭藝術衛製裡計訂記許設試該認論識證譯議變護讓貝負財貨買賣資賽質錢錄鐵銀鎮陽陸陣際隊險雖難雲靈靜響頁順須預領題顏願風飯館驗導動華報單爾費幹剛構廣歸漢劃環換濟價減將獎講階節較舊據決軍擴樂離歷遼臨嶺劉鄰倫滿夢鳴腦寧農諾歐潛強慶權確熱榮殺傷攝聖師勢勝雙孫態歲條廳圍烏戲顯縣獻鄉協興訓亞煙嚴業億憶陰營擁優猶漁餘園躍災則戰張趙爭鄭執專莊準縱";
export const SIMPLIFIED_ONLY =
  "这个们说国会学时来对发经过还后点开关长门问间东车马鱼鸟龙飞电话语请读书写区无为与从两应当实现体头种类义务员团图场处号见观亲觉视远运达选边进连总统联组织结给绝级约红纯线练终续罗网职听声闻台湾万叶苏兰艺术卫里计订记许设试该认论识证译议变护让贝负财货买卖资赛质钱录铁银镇阳陆阵际队险虽难云灵静响页顺须预领题颜愿风饭馆验导动华报单尔费干刚构广归汉划环换济价减将奖讲阶节较旧据决军扩乐离历辽临岭刘邻伦满梦鸣脑宁农诺欧潜强庆权确热荣杀伤摄圣师势胜双孙态岁条厅围乌戏显县献乡协兴训亚烟严业亿忆阴营拥优犹渔余园跃灾则战张赵争郑执专庄准纵";
