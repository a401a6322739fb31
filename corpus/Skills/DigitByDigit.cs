using System.Globalization;
using System.Text;

namespace QwenSharp.Corpus.Skills;

/// <summary>
/// The reasoning about numbers from 0 to 999, one short step a line and always three of them: numbers are written with three digits, sums
/// from the right with
/// carries, comparisons from the left. Each step depends only on two digits and the step before.
/// </summary>
internal static class DigitByDigit
{
    /// <summary><c>047+285</c>, three steps such as <c>7+5=12, +0=12: 2, carry 1</c>, and the digits of the result.</summary>
    public static string Sum(int a, int b)
    {
        (string left, string right) = (Padded(a), Padded(b));
        StringBuilder steps = new($"{left}+{right}\n");
        int carry = 0;
        for (int i = 2; i >= 0; i--)
        {
            int sum = Digit(left, i) + Digit(right, i) + carry;
            steps.Append(
                CultureInfo.InvariantCulture,
                $"{left[i]}+{right[i]}={sum - carry}, +{carry}={sum}: {sum % 10}, carry {sum / 10}\n");
            carry = sum / 10;
        }

        return steps.Append(CultureInfo.InvariantCulture, $"{carry}{Padded((a + b) % 1000)} = {a + b}").ToString();
    }

    /// <summary>
    /// A comparison first, as a smaller number minus a larger one is turned round; then steps such as <c>3-8=-5, -0=-5: 5, borrow 1</c>.
    /// </summary>
    public static string Difference(int a, int b)
    {
        StringBuilder steps = new(Comparison(a, b) + "\n");
        (string left, string right) = (Padded(Math.Max(a, b)), Padded(Math.Min(a, b)));
        steps.Append(a < b ? $"-({left}-{right})\n" : $"{left}-{right}\n");
        int borrow = 0;
        for (int i = 2; i >= 0; i--)
        {
            int difference = Digit(left, i) - Digit(right, i) - borrow;
            steps.Append(
                CultureInfo.InvariantCulture,
                $"{left[i]}-{right[i]}={difference + borrow}, -{borrow}={difference}: {(difference + 10) % 10}, borrow "
                    + $"{(difference < 0 ? 1 : 0)}\n"
            );
            borrow = difference < 0 ? 1 : 0;
        }

        return steps.Append(CultureInfo.InvariantCulture, $"{(a < b ? "-" : "")}{Padded(Math.Abs(a - b))} = {a - b}").ToString();
    }

    /// <summary><c>347 and 352: 3=3, 4&lt;5, so 347&lt;352</c>: digits from the left until two differ.</summary>
    public static string Comparison(int a, int b) => $"{Digits(a, b)}so {a}{Sign(a.CompareTo(b))}{b}";

    /// <summary>
    /// <c>larger of 352 and 347: 3=3, 5&gt;4, so 347&lt;352: 352</c>. What is asked for comes first and the smaller number before the
    /// larger, so that the choice is one of place.
    /// </summary>
    public static string Choice(int a, int b, bool larger)
    {
        (int least, int most) = (Math.Min(a, b), Math.Max(a, b));
        return $"{(larger ? "larger" : "smaller")} of {Digits(a, b)}so {least}{Sign(least.CompareTo(most))}{most}: "
            + $"{(larger ? most : least)}";
    }

    /// <summary><c>347 and 352: 3=3, 4&lt;5, </c></summary>
    private static string Digits(int a, int b)
    {
        (string left, string right) = (Padded(a), Padded(b));
        StringBuilder steps = new($"{left} and {right}: ");
        for (int i = 0; i < 3; i++)
        {
            steps.Append(CultureInfo.InvariantCulture, $"{left[i]}{Sign(left[i].CompareTo(right[i]))}{right[i]}, ");
            if (left[i] != right[i])
                break;
        }

        return steps.ToString();
    }

    private static string Padded(int number) => number.ToString("000", CultureInfo.InvariantCulture);

    private static int Digit(string number, int place) => number[place] - '0';

    private static char Sign(int order) => order > 0 ? '>' : order < 0 ? '<' : '=';
}
