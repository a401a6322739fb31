using System.Globalization;
using System.Numerics;

namespace QwenSharp.Chat.Jinja.Python;

/// <summary>Python's arithmetic on template values.</summary>
internal static class Operators
{
    public static bool IsNumber(object? value) => value is bool or BigInteger or double;

    public static bool TryInteger(object? value, out BigInteger integer)
    {
        integer = value switch { BigInteger i => i, true => BigInteger.One, _ => BigInteger.Zero };
        return value is BigInteger or bool;
    }

    public static double ToDouble(object? number) => number switch
    {
        double d => d,
        BigInteger i => (double)i is var d && double.IsFinite(d) ? d : throw new TemplateException("int too large to convert to float"),
        bool b => b ? 1 : 0,
        _ => throw new TemplateException($"must be real number, not {TypeName.Of(number)}"),
    };

    /// <summary>Orders two numbers exactly, an integer against a float included.</summary>
    public static int CompareNumbers(object? x, object? y)
    {
        bool xInt = TryInteger(x, out BigInteger a), yInt = TryInteger(y, out BigInteger b);
        if (xInt && yInt)
            return a.CompareTo(b);

        if (!xInt && !yInt)
        {
            double p = (double)x!, q = (double)y!;
            return p < q ? -1 : p > q ? 1 : p == q ? 0 : 2;
        }

        if (!xInt)
            return CompareNumbers(y, x) is var reversed && reversed == 2 ? 2 : -reversed;

        double d = (double)y!;
        if (!double.IsFinite(d))
            return double.IsNaN(d) ? 2 : d > 0 ? -1 : 1;

        int order = a.CompareTo(new BigInteger(Math.Floor(d)));
        return order == 0 && !double.IsInteger(d) ? -1 : order;
    }

    public static object? Negate(Runtime runtime, object? value) =>
        value switch
        {
            double d => -d,
            Undefined undefined => throw undefined.Error(),
            _ => TryInteger(value, out BigInteger i)
                ? runtime.Budget.Fit(-i)
                : throw new TemplateException($"bad operand type for unary -: '{TypeName.Of(value)}'"),
        };

    public static object? Plus(object? value) => value switch
    {
        double => value,
        Undefined undefined => throw undefined.Error(),
        _ => TryInteger(value, out BigInteger i) ? i : throw new TemplateException($"bad operand type for unary +: '{TypeName.Of(value)}'"),
    };

    public static object? Binary(Runtime runtime, string op, object? left, object? right)
    {
        if (left is Text format && op == "%")
            return PercentFormat.Apply(runtime, format, right);

        if (left is Undefined || right is Undefined)
            throw (left as Undefined ?? (Undefined)right!).Error();

        if (TryInteger(left, out BigInteger a) && TryInteger(right, out BigInteger b))
            return Integers(runtime.Budget, op, a, b);

        if (IsNumber(left) && IsNumber(right))
            return Floats(op, ToDouble(left), ToDouble(right));

        return (op, left, right) switch
        {
            ("+", _, _) => Add(runtime, left, right),
            ("*", _, _) when TryInteger(right, out BigInteger count) && left is Text or Sequence => Repeat(runtime, left, count),
            ("*", _, _) when TryInteger(left, out BigInteger count) && right is Text or Sequence => Repeat(runtime, right, count),
            ("*", _, Text or Sequence) => throw new TemplateException($"can't multiply sequence by non-int of type '{TypeName.Of(left)}'"),
            ("*", Text or Sequence, _) => throw new TemplateException($"can't multiply sequence by non-int of type '{TypeName.Of(right)}'"),
            _ => throw Unsupported(op, left, right),
        };
    }

    /// <summary>Joins what <c>~</c> joins: anything, as text.</summary>
    public static Text Concatenate(Runtime runtime, params ReadOnlySpan<object?> parts)
    {
        TextBuilder joined = runtime.NewBuilder();
        foreach (object? part in parts)
            joined.Append(Repr.ToText(runtime, part));

        return joined.ToText();
    }

    /// <summary>Python's remainder, whose sign is the divisor's.</summary>
    public static BigInteger Modulo(BigInteger a, BigInteger b) => b.IsZero ? throw new TemplateException("integer modulo by zero")
        : BigInteger.Remainder(a, b) is var r && !r.IsZero && r.Sign != b.Sign ? r + b : r;

    private static object Add(Runtime runtime, object? left, object? right)
    {
        switch (left, right)
        {
            case (Text a, Text b):
                bool markup = a.IsMarkup || b.IsMarkup;
                a = markup ? Builtins.Html.Escape(runtime, a) : a;
                b = markup ? Builtins.Html.Escape(runtime, b) : b;
                return runtime.NewBuilder().Append(a).Append(b).ToText().AsMarkup(markup);
            case (Sequence a, Sequence b) when a.IsTuple == b.IsTuple:
                runtime.Budget.AllocateItems(a.Count + b.Count);
                return new Sequence([.. a.Items, .. b.Items], a.IsTuple);
            case (Text or Sequence, _):
                throw new TemplateException(
                    $"can only concatenate {TypeName.Of(left)} (not \"{TypeName.Of(right)}\") to {TypeName.Of(left)}");
            default:
                throw Unsupported("+", left, right);
        }
    }

    private static object Repeat(Runtime runtime, object? value, BigInteger count)
    {
        int times = Math.Max(0, Bound.Clamp(count));
        if (value is Text text)
        {
            runtime.Budget.Step(times);
            if ((long)text.Value.Length * times > runtime.Budget.Limits.OutputLength)
                runtime.Budget.Allocate(long.MaxValue / 2);

            TextBuilder repeated = runtime.NewBuilder();
            for (int i = 0; i < times; i++)
                repeated.Append(text);

            return repeated.ToText().AsMarkup(text.IsMarkup);
        }

        Sequence sequence = (Sequence)value!;
        runtime.Budget.AllocateItems((long)sequence.Count * times);
        return new Sequence([.. Enumerable.Repeat(sequence.Items, times).SelectMany(items => items)], sequence.IsTuple);
    }

    private static object Integers(Budget budget, string op, BigInteger a, BigInteger b)
    {
        switch (op)
        {
            case "+":
                return budget.Fit(a + b);
            case "-":
                return budget.Fit(a - b);
            case "*":
                return budget.Fit(a * b);
            case "/":
                return b.IsZero ? throw new TemplateException("division by zero") : Divide(a, b);
            case "//":
                return b.IsZero ? throw new TemplateException("integer division or modulo by zero") : budget.Fit((a - Modulo(a, b)) / b);
            case "%":
                return Modulo(a, b);
            default:
                if (b.Sign < 0)
                    return Floats("**", ToDouble(a), ToDouble(b));

                if (BigInteger.Abs(a) <= 1)
                    return b.IsZero ? BigInteger.One : b.IsEven ? a * a : a;

                if ((a.GetBitLength() - 1) * b > budget.Limits.IntegerBits)
                    throw new TemplateException($"An integer of the template has more than {budget.Limits.IntegerBits} bits.");

                return budget.Fit(BigInteger.Pow(a, (int)b));
        }
    }

    // Correct to the last bit also where an operand has no exact double.
    private static double Divide(BigInteger a, BigInteger b)
    {
        double x = (double)a, y = (double)b;
        if ((double.IsFinite(x) && double.IsFinite(y)) && new BigInteger(x) == a && new BigInteger(y) == b)
            return x / y;

        // 66 bits of quotient and one that says whether anything is left below them decide every rounding.
        int shift = (int)(66 - (a.GetBitLength() - b.GetBitLength()));
        (BigInteger numerator, BigInteger denominator) = shift > 0 ? (a << shift, b) : (a, b << -shift);
        BigInteger quotient = BigInteger.DivRem(numerator, denominator, out BigInteger rest);
        BigInteger sticky = (quotient << 1) + (rest.IsZero ? 0 : quotient.Sign);
        double result = Math.ScaleB(RoundToDouble(sticky), -shift - 1);
        return double.IsFinite(result) ? result : throw new TemplateException("integer division result too large for a float");
    }

    // BigInteger's own conversion cuts; a parse rounds to nearest.
    private static double RoundToDouble(BigInteger value) =>
        double.Parse(value.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static object Floats(string op, double a, double b)
    {
        switch (op)
        {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                return a * b;
            case "**" when a == 0 && b < 0:
                throw new TemplateException("0.0 cannot be raised to a negative power");
            case "**" when a < 0 && !double.IsInteger(b) && double.IsFinite(a) && double.IsFinite(b):
                throw new TemplateException("A negative number to a fractional power is a complex number, which templates do not have.");
            case "**":
                double power = a == 1 ? 1 : Math.Pow(a, b);
                return double.IsInfinity(power) && double.IsFinite(a) && double.IsFinite(b)
                    ? throw new TemplateException("(34, 'Numerical result out of range')")
                    : power;
            case "/":
                return b == 0 ? throw new TemplateException("float division by zero") : a / b;
            case "%" or "//" when b == 0:
                throw new TemplateException(op == "%" ? "float modulo" : "float floor division by zero");
            default:
                double remainder = a % b;
                remainder = remainder == 0 ? Math.CopySign(0, b) : remainder < 0 != b < 0 ? remainder + b : remainder;
                if (op == "%")
                    return remainder;

                double quotient = (a - remainder) / b;
                double floor = Math.Floor(quotient);
                return quotient == 0 ? Math.CopySign(0, a / b) : quotient - floor > 0.5 ? floor + 1 : floor;
        }
    }

    private static TemplateException Unsupported(string op, object? left, object? right) =>
        new($"unsupported operand type(s) for {(op == "**" ? "** or pow()" : op)}: '{TypeName.Of(left)}' and '{TypeName.Of(right)}'");
}
