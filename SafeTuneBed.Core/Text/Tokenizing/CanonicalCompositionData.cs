namespace SafeTuneBed.Text.Tokenizing;

/// <summary>
/// Canonical decompositions and combining classes of the Unicode Character Database 14.0 (UnicodeData.txt, CompositionExclusions.txt), deflated and in
/// base 64. Numbers have 7 bits a byte, low bits first. First a count of decompositions, each: distance from the last code point, first part, second
/// part (0 for none) times 2, plus 1 when the two parts compose again. Then a count of ranges of one combining class, each: distance of its first code
/// point from the last range's end, its length less 1, the class. Hangul syllables are computed, not listed.
/// </summary>
internal static class CanonicalCompositionData
{
    public const string Deflated =
        "XZh5XJXXmcff917wcvWatdWYdGKXfNppJ52ZTKfNfNrE1Eab0CQ6VWmazD9xGqsmRlsjsTrTKYtsIgoqIu5AFAgiAiLgBqKAbIqoCK5ssqm4K244v++Ba7R/PN/3d855zr7eG/NUsT06" +
        "2GOPDpWFySJkcbJ4j+PNQx57rNLGKm2s0sYq3l9hf4X9FfaP8zjGyX+84sYrbrzixhOO8zgDFBeguADFBSjfB6Ee52TFTVbcZMVNlt9kxU9WPX9QPVOUNkVpU5Q2RfHTFZ6u8HSFp6ue" +
        "mfKfpbhZipuluFmEVU+g4gIVF6i4QOWbF+pxzKP9USpbNjpGX9now/rK3pTvH2Rvyv8PsjeX6Ct7M1Ff2RjZx4ke51jlnSIbq7xTZGPlM0U2VmVMkY2V3xTZWypjquwt+UyVvSWfqbK3" +
        "1KepsreVNi3M4/RXe6fL/FXmdJm/fKfL/FXWdJn/Eo/Pb+T7iewd5fv0kMfxrto5Q/auwjNk76q+GYke33GKmykbp7iZsnGKn5no8RmvcmfJxqvcWbLxCfomeJwT5DtbNkG+s2UT5D9b" +
        "NlFxn8smqs7PZROV9rlsotI+l02SniObJD1HYxKg9gfKAlRHoCxAdQTKAuL1lQWovkBZgPoTKHtfZc6VfSCbx1fz8qHqmy/7UGM0X/ahyp6f6Pnu+Hy1Nd/zRIC+gfmefxit+Mkyf9l0" +
        "2XjZLFmALFB2ylYD7oFTdigqFJWIMqnBqGCPYz8ubWCTj5AKygi2C8635DtV9o7sU2pRq2fJup3yOA/ynYpe6it8ohF+S7VM1Uoep+Jnykqp9hwoA+2gAfSC0evVB9noFH1lY6WnyMZK" +
        "T5H5S0+X+UtPl42XniUbLz1LNkF6tmyC9GxZgHSgLEA6UDaxRvMkmySbU+Nxvq1WTkv0uEZrXCezVtlXsnr6exMcAzfAeKXPkm1hQLLAB7J5UZ4YR9Agyw4eZDmW6Rs5KMTzr4W+1uBf" +
        "WK40+hTnEvJty45HJIBEwbEebCSYDiqF5xNdmvCNIJu4PJMVFIIqXApJLQVFxJWCCsG3DlWnhJfj/TTQ8X46A5b5hXp8wqV8V0nZK0lI8YvxDFkpfLtAGJ5HXB7OuTjX47wD5wIS9snl" +
        "uet+GsIbwm9WKGhvF56IRW0FscohpZMlnmCe4GxwK64RrCB1O0gA+fit9Iui+CgaFIcS1oE9pHaSrQtkElcDUnDeB1II7uuPS0AJqQTLyZuBqhLSHame1BF2qid9hH0ApHoyRtiVUqvs" +
        "Y0PTRzj2Ck/XCfU+ac/cfslvq+DMFV6Kf6b3JXsFSABrQBJIBhkgS5hR/uz979vlz2b94KmkZ3u/bycLjixhUs43ev/RWSB8b4VgJ4A1xGUI3Xb5sMwfO8uH3X9ZKuvHTyUN633ZThZe" +
        "XTo8619+Vjb8/j/b5aBMwf8tey7zlb8Ujcj4iatMsMtGZP7EUTYi7Cd2pYJ/K3v+/r/b5aDs+ayfLrYbX4h/1dH4wvpX7VNSCha9es5R8mLPqMHVgu9hUA9OCkOLX+weNfjKi22vO668" +
        "2Pm6nTMyaJQjV3BfeTFo1DNLRyrbGsE3CWwCGcLQ2JHdoz7b+O3Tv2z6ZtjPzs9wRIAoEA1iBJ844Yc7CO4SnHsEu4hgibDbd3SVtpvsV9pO/y37Vbm+sl+16isrZ990gDFK/Vg2Rqkf" +
        "y8Yo9WPZGG3Sj2VjTuorW+rQYl0GljpCUVzAip8iG9usryzNR8szHfxaJf6RK0cLaqrsbelpsrdVwzTZ21pF02Rvq4ZpXEmn9ZX5q5TpskM07RJ4R/YpX+X6VPaO2vap7F3pGbLtr3Ei" +
        "gncVO4MUtWiG7D3l+kz2nur9TPaevD+TjZOeKRsnPZOw8syUjVOemSc5kEI5kEJRcSihmo7XgGo6XgP+U/YnvirrT7IJstl8VeZs2QkadRJMUOmzZROV+rlsolI/x8OhwEnQBJpBy2tC" +
        "K5gkm8NXnnNkk1TCHNkktXGOLKBCR64sQOMVKAtQXKCsk8Z1gW6Hmn4e/E5X5Bey36mcL2TvqydzZe/La67sffnMlb2v+ubK3pfPXNnvpf8i+73S/sKTSXoeV6SuzvmyD+UzX/ah2jVf" +
        "No02Upau3nl6Rj1Ql3xHy2GybPQyfWUljG0LKOFObAEl9jKUSY1ACRteVw1JIITehIIQ5iAUhDiWoZahIlAmRww5eBupvimysUqfIhur1CmySqrtBpVU2w0qqbYbVFJtNyig2kLgr/jp" +
        "Mn+VNl02XjaLr+JmyY5S2HVwlMKug6MUdt02qREooZrCasAGp5yTwAZnMCoYtQy1DBWBojfOcpQQIAvkq/RAWRaZt4IsMm8FWWTe6jSpEagIVDlK+EAe82QfSM8jLL95sg/kNS/C48p2" +
        "pXIlpnvsoFFyCwZBo0JRoaiwoVJCHH5x+EXiEgUicYkCkbhEgTz88vCLxSUOxOISJzjjSY0ndSUJiWAlqYmk5pOaT+oGEpLABlKTwAaKTwIJ+CXgl4ZLOkjDJR2k4ZIOCvErxG8rLtlg" +
        "Ky7ZYCsu2SARv0T8CnApBAW4FIICUxQowq8Iv2Jc9oJiXPbS+vWkrif1AAkV4ACpFaSWklpKai0Jh0EtqYdBLcUfFvRsSfc4GpUqhAIlVJC3grxNZGsGTWRrBk24NJtO45eOXycuXaAT" +
        "ly7QiUuX6bRLCZtdluZJIlMiH7FFohCRJVGEqJYoRdRIVCAOuixn0KhoFoUQAkLBAhAGwkEEiARRYCGIBotADFgMloANIAkkgxTwJdgINoFUkAbSwVcgA2wGmWALyAJNoBm0gFbQBs6B" +
        "dtABOkEX6AbnwQVwEfSASyDbFcMW0Xl+uT9IvYIj26XB3P5GNLsjht0RBTRK4RquODwKNVxptryukzOfnFuIzydnGTnj8Y+UfwIiyghFF72hUNEbocCs5BhWchSPWTaUii2kiEqXWb4x" +
        "LN8ooMSFLsvRR/Y+sveRvRSPUjyq8NiqWvayVvayVkopowpsxG0jbhtxWyy3JLPLONrCFPrIct6jIxU08SAdqSDfTTqyniyL5JSOWGKEorfZljPkl5Yd+ktroyPdZfm8oyVlW7Ni37yi" +
        "F4Xw7HJhZC3Bo6BO+GnomCse30jBGS08lyI4Ngov7CJuHygl7oAw/HWJZokhNYL9mmyUrI3AOTyvoq6hbqJuCa47qLvEhYyVChWc4agI4XvJqDSQDjKEV+6R4z6II26p4MpB5YJtIE94" +
        "LfIjy476yMp58nTAZc/lwVUf5ZbYjhrDQ4aHDY8YHjM8bthoeNLwtOFZw2bobDO63bATui5B+9JHeYq5avRVo28YfcPoXqN7jb5r9F308DL04LWTxScyoCPTMMsw2zDXMM8w37DQcKfh" +
        "bsMiw73Qud/oMsMD0HUI2ocmU3ud0XVGHzP6mNENRjcYfdLok+jhm0yZl0zMZcMrhlehz30YEus8sNJh2ddr9BOwcq3UgUTh8GkFc9YI51KFNUWOARzOUfBwilREhtQBgjf3CV0XhLAH" +
        "QtEipe5YIvTGCUuShJCjSlh9QmhsFs50CLsjldCdLFzJxWWt4m5sEhbU49wmZFLUul1C7Q4Fz58VaqIVbFsqVGgP2A2hUutjhcrdCiYcFLqp6N454SCVh6+Xyk+h3o3C/grhyDEhljo6" +
        "LgrBQfhR2ylwabWQswW1XbizU1h0RX4Prgob7goVEYpbsEl4QPvq44Wz2bR+j9DUK/RRaAt1VJK3hIG9lSk04NdSICxjXE6cFJacEbLu0NJ7QtVm+dXR3OhgWkXrq8Ga68IeWnCFFtzA" +
        "LyhBOMRomHHuoy2FTF4HP+yXFgsRjPjlbkaIIb5Lg4oYl/QiIQbn6kaht1JIphn7mPgzWxmcHvrLbH1FyTuOK7h1vVQkOfqo91yYghvKUdSxhbnsSiYbbQ4+TFtuC5cW0C1KOcQaukEH" +
        "S9KEayykC8xgaRWFMtNfMdiZGaySbULCbuEgWE22MlbsLZZKyzoW8C4mlJUYtF9YxSSnMKYVLUJUF7NwTbjO0F1iZjaRrSdKSNnA8mEuE74kG8XvTmd5s1hL4rw9r6B9Nxiwu2X0koHY" +
        "w0zfaBfa6PTtTO+w79jJbDH2OYx9VyetYn+UUfm2L4WbLIYDLLOVW4Vo5mMLjdzG4BSQ2rxXwXBKPpEk9FByESsnsco73QdbaSTb7x6duUdnYtirkYzQFhZIFD26y9a4dkjYy/5YwxaP" +
        "olWNTNn5y4zfHTPnynGRydvCSPZSQMYGqmQPdrNYv2LoohmI/SUsqVrvCgunzekM4hJm9ZxZ49U0ksrTWAfnWDTh1NtyngHrEw4xxM2gmp63UEoR63QHjVxLUbX0ciXTeIcDIAWX4wXs" +
        "fVZEAt2qommdnAdVN9imN1n8rLpijoJE5rJhhVKLGc7t4SxlWhoBNjG1R1jK9eQIY5zXMUzbGMSd9LeaQ6aG0YheJhwhRzHDVKyT0HlCO8VxXV11nmHJf8WKqORo2cUqPgPOgSXMbz1z" +
        "voeKdmtFOJbqzHH0aoU5C5i8+zq0fC5lM5cgLYf1whF0htMsn55vYal0sCJqzC5jftvAYUZtLUdz+GZGAxSzidM4c9qYjx6wnHXVyeQtZs9cBYfY+y2sqzg6HcZs3WIMVp3iUGAz9bCZ" +
        "MjjSkpnBOI6RPXSrAhwAtaAenAYx9HcxKObkCmZmim95N2IUZ91ecJV1EMbWuMgM3l7gxXEOnljO+xUMezAzWAiOcJ5GrhK2cxiZoWtlcB5kCTtZxTfYfj1hbq0cFeXcxDGXx/R0MmpB" +
        "DGKpUcSVM353NnrH79hXLBpUC2B+7VwGcT9H1VHQso2B3S7UsRgaQRfHfyZbo4EhPsgQRz4c56YS72BvY2/t58Rcc4ACQD0TwBrqv8ZWg3pwm2POnLtm655kV1Sd9k7KuibvzKReooNM" +
        "T9Y57yK8wkSFs8V3grUcFOsveFfnSXAdVHLKF4NqZjX74UTd5YQ7ecc7ZXseTlQdW+gSt9DtxcJe5ih8mXeiijgxWdR2Vbx33szNdDHeO4MLE7wzWMAGu8oMJnIA3OR0vLfZO6Fmu5zM" +
        "8k5t9Fbv/C7d7n2XVNb6aTjBsQ5h7VxNeZAaWggqvtQKqC0UjtwX9u1RhsXKNaZxSOcwx9UhPcOGdA0JGW53DVkw3K646QwxlK5VknAZ9A6zD4M6cAQcBcdAveBoQDWCE+AkOEXCGdBE" +
        "sBnVimpDtaM6QCfoAt39hV6ltj5K6cO5b1j1jxKTfG6U+DlWm8+TG80n1M5O9jm038/OMZ81PuWbfO5X+9n6ZNX4XXIUpvvcqPOz9Wmu8yN0t87vnl2Q4XO2XrHmc39QXo5Pc5vfpsuO" +
        "48muytIn7Ib+z9lk16n+z5n+T1P/p6X/01b6xPuFKcZzR/9nZ4rJsKv/o9CZ/pA+xdU+u9l8BWAvSA7RNDWtswfOsp0ghFvmjrlqkrzn2yGwbrqW/yK/gdPuKGgDt8CahUoolEcHoRi2" +
        "chVRCagvzcOJA39zinfzn00ZrKMBFcrRf1ZZdyLKwFVwC8R/MnAmfH26mtMhjCM2fJP3KVWxyXvsngDXwH3w4HFsXq42XWarVvKyOgtaVyjuPOoKCOeiW8fDowB1AHSCZOJuglhOpSOg" +
        "FSzI8MKcVBkgF5SAFVu890AC6jDq+mbvldfDYXYwizgQwwEXjcpBZYPN5tJIVyOvom6BcE6+VSDZnIEgLVMu3eBCLgcX52IqaCDYjur5TDtaFslxuechDuQq0z5u24Z878vpGli5XQkP" +
        "UOHcV0c4VpNRwbO0bh7eY8WFNB207aQknijtqB7zgwHcA828xlpA1p80P4g0Xoy7QRdoUXzoPuW8J7GVozwXbAfmp8XSci2bPlR2md8Agrmhkk3bQPmfNXXnFH9in86ZFqLOg1bFr+JO" +
        "qAHHwW0QzBWxY7bW8OyBK/lojXKXow5wVVSXeO8Qo+48vEhywJcgC5x5eImbH2OxXC6rwWmQzbvmKKjl3bqoXnXsRt0jrhMVyk3UBq4cV2oy11EpwXSwZY4Giag+sJa39S3UhTkDr4YL" +
        "YGGTcrbyfujl/VDBRZb4xcBrIlKiLVCjyL6LB0HcbGtIy+QnTmPEY/deEjgDjoB9nOoVKuMOL70wUFfrfaRc7FTiYtR64pbX2f03QAki5QivVpDGb76Ui/I9iVr5F9XCxZp6RVFHUQcV" +
        "dRWx/rj3wt0JYm7II3qHcAd1sIF33W2pIh6zNaCDuBXczntOeN9N5rLuAr0gjPfpujvKto1gFq+qHpA7f+A6LweH78vjNr493O5n+ujcA6GMH0WFTd4bfzVY8T9anYj74BbI5KG7kROw" +
        "lDdB6wItxTW8njMipNLavE+EWhC5SHFBPBbiQd5iBZfHCnd4O0Tzpt/8VxWHKPhrv5XzojjV6X1bhJnfVmD1/2lN8sjYvlIl7EEtTXQP/O5cz96K5eGRtF5xBWD/BuHe39SMIO8z5FqS" +
        "oq6CxGQhF6zjVbL+IcxLxVzs0ZfM7ynGIdj8UJDzQX7ImB/r5h3TSsKmze6BN+mqTKlSYB7i50FWiPd1WgkOgXs5cknN86KH11DIAgYxX8Ey3kUVIJW4IJ4WdTznN4SxoVCtIIhXU3iR" +
        "UltRweHMMY+oEJ68pWAbcWn75VIOGgk2ljIBvLP2lEnF86vxzgPvs+tEheJSKoUmgmlVjDDqbDvPH7ZRDhsqNIS3UiSloPLyaO4hOeeBZWyoNR3eM2wBWMc7+jw54vg9Hw3WglzuvWyj" +
        "wG7QDnbVuwd+/K/lMdgKMnkRpqB2ozoivI/4I8RVEqwGp8D2BhVw/oRwrFHIWMiq4mfsNbBiITk6lNCG2nxG6jQuzSD7LMPeTAEEax/+fdMBukB6DC9MsJgnakuM97GaBs6DcP6pOh5N" +
        "oahgfuXdJtiEagUdF1THcX6engF5i5gP1E49HbZcUWL7VRZ8DNMLNjx855on7jH+YUu7Tf/4zbIXrObZewtk9SlhQaxmooq/nXaBy6tNZZxLa73P47po3T8XwXJ+B14Bcfx9tmWx4laj" +
        "Cng3H9/IX0zgHsHbqUJ8Gn9jJcgvmv9T4pfxP1OGaYHi2gnu46Wdw8WYwnO7NFkJq74UepZzrYAmXt8L0xSXE8+eSx888Bg3SAfbMxTXws/W3BXcHvx2TeXvvRLQBw4m8P/R9sEDz/di" +
        "fsTfLyQhkbMcdOwguFcuvQTDSqQW7xfiSoWd/OKvX8UliuoDYbzpl4AVYCcIqh5s9TmCBn2j3batTtt2nur/Wg227SNtV/bH8R2sr09/0IX7ZZm+DoUd+tqnbAdfU8RAcbZXd0l3P/71" +
        "tNvLHT7ttlatvJx4DZRknenXvtK+VD6QZnvT2gZKHWxbQ2zLY1tDbesJ23rStp6yradt6xnbfta2vmFb37StYQ5ruMN6zrZGOKz+chzWM/6mAy/a1kjb+vYr1gu29S3b+oeHMbb1Hdv6" +
        "rqmPHvg8Wv8p+2nre38c1G47vU1WsU4lOR5xecl6aaT1eC7zdQyMx8Nx8fb4kfDff5UvyR70deRgfUeobodfuxlwxvBlFfy6dzKU9k80mfkb+ni7Hn4d3sZ4u+54xGGgz69brqctt88j" +
        "7ZhmYl5RzCijZj1C3TADys+aZFv/9UejZ9pu8a+IqXJ4wvnpZ/YXRsx/T9V8y0wH1mD/hxWsikKkF9iDnCG2E23a6+bzhtz+bLkctnuiVK2vGpznst0jLbd+ILmHqE3VLIzY/hXS3+ZT" +
        "XvG25f6mptwp+YrP46vKYT/ea3tgNar9T1nuH3h7rwl41Xb/wnJ5bPcYy5XIgGn/9G+Sr1e9Y5DtK3eXpI+iyx8O+KBHJ4AdUD8wodpYL3l3S9tA3Imvd80jK+Gwr2lm/15xmKJ8TT2P" +
        "rxn7YWMeDFcjF2t0Jo9stzN8TLFtA/tbg2Q32Z/YfsfO4+rrbre/owJ/K9OZ7P6+5V6pjN96ut3+udaJgh9ZrqGW+7Lp5ECnWPWDzMpvt39quXXXu7M1Gc+HDKK3g/p7e9Alz1bcVzC8" +
        "y4aa6W63f2jabMrxtdybvF3Y46PeLaDkVWZGHt0d6ta//d3u0K8A948s95OW++eW27Zcv5b/K7b7Dcv1nuUebLk+NbH6heWS429tluQINc5HLdGTWYvb9ZxK+th46anB52+We64Rcyy3" +
        "Lj9UqFadr+XST2T3JMv9rOWeoBY7LXeowyxIhRpXaR5eU8k73PagTA7k8h/aDUyTj9WiVdJgu10aMJ/+dTZSfYyna7teUBbHU1qZg/qHlc0c7lCglzEaJb/mIRrImRyFluv/AQ==";
}
