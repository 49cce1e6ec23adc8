/* SPDX-License-Identifier: MIT */
#include "logs/month.h"

/* The words of %b in glibc's locales, without a point at their end. No word stands for two months: Croatian is left
   out, whose words are other months in Polish and Czech. */
static const char *const names[12] = {
	"Jan Jän janv ene gen sty led tammi янв січ Oca ian Ιαν 1月 1월 яну jaan saus",
	"Feb févr fév fev lut úno helmi фев лют febr Şub Φεβ 2月 2월 veebr vas",
	"Mar Mär mars mrt bře maalis мар бер márc Μαρ 3月 3월 märts kov",
	"Apr avril avr abr kwi dub april huhti апр кві ápr Nis Απρ 4月 4월 bal",
	"May Mai mag mei maj kvě touko мая тра máj Μαΐ 5月 5월 май geg",
	"Jun juin giu cze čen juni kesä июн чер jún Haz iun Ιουν 6月 6월 юни juuni birž jūn",
	"Jul juil jui lug lip čec juli heinä июл лип júl Tem iul Ιουλ 7月 7월 юли juuli liep jūl",
	"Aug août aoû ago sie srp elo авг сер Ağu Αυγ 8月 8월 avg rugp",
	"Sep sept set wrz zář syys сен вер szept Eyl Σεπ 9月 9월 сеп rugs",
	"Oct Okt ott out paź říj loka окт жов Eki Οκτ 10月 10월 spal",
	"Nov lis marras ноя лис Kas Νοε 11月 11월 ное lapkr",
	"Dec Dez déc dic gru pro des joulu дек гру Ara Δεκ 12月 12월 dets gruod",
};

static bool is_in(struct mw_str word, const char *list)
{
	struct mw_str rest = mw_str(list), name;

	while (mw_str_split(&rest, ' ', &name))
		if (mw_str_equal_nocase(name, word))
			return true;
	return false;
}

int mw_log_month(struct mw_str word)
{
	if (mw_str_ends_with(word, MW_STR(".")))
		word.len--;
	for (int month = 0; month < 12 && word.len >= 2; month++)
		if (is_in(word, names[month]))
			return month;
	return -1;
}
