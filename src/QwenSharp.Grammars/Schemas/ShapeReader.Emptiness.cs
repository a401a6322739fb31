using QwenSharp.Grammars.Automata;

namespace QwenSharp.Grammars.Schemas;

// As far as it is cheap to tell.
internal sealed partial class ShapeReader
{
    private bool IsEmpty(ObjectShape shape)
    {
        if (shape.Min > shape.Max || shape.Required.Count > shape.Max)
            return true;
        foreach (string name in shape.Required)
        {
            if (IsEmpty(shape.LiteralsOf(name, _pool)))
                return true;
        }

        return false;
    }

    private bool IsEmpty(ArrayShape shape)
    {
        if (shape.Min > shape.Max)
            return true;
        for (int i = 0; i < Math.Min(shape.Min, shape.First.Length + 1); i++)
        {
            if (IsEmpty(shape.LiteralsOf(i)))
                return true;
        }

        return false;
    }

    private bool IsEmpty(int[] literals)
    {
        if (literals.Length == 0)
            return false;
        if (literals is [Literals.False])
            return true;
        string key = string.Join(',', literals);
        if (_empty.TryGetValue(key, out bool known))
            return known;
        // A schema that is being read, or tested, may still be anything.
        if (_depth > MaxDepth / 2 || _testing.Count > 6 || System.Array.Exists(literals, _reading.Contains) || !_testing.Add(key))
            return false;
        try
        {
            Work(literals.Length);
            Shape shape = Of(literals);
            bool isEmpty = !shape.Null && !shape.True && !shape.False
                && (shape.Number == NumberSet.None || new NumberAutomaton(shape.Number).IsEmpty)
                && (shape.String == _pool.Nothing || !_pool.IsLive(shape.String))
                && System.Array.TrueForAll(shape.Objects, IsEmpty)
                && System.Array.TrueForAll(shape.Arrays, IsEmpty);
            return _empty[key] = isEmpty;
        }
        catch (GrammarException)
        {
            // What cannot be told here is told, or refused, where the schema itself is read.
            return false;
        }
        finally
        {
            _testing.Remove(key);
        }
    }
}
