using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace SafeTuneBed.Benchmarks;

/// <summary>
/// A Llama with LoRA as one writes it in plain TorchSharp: a module for each operation, autograd for everything, logits of every position. The
/// base is frozen and attention is torch's own. It is what the library is held against; the weights are random.
/// </summary>
internal sealed class NaiveLlama : nn.Module<Tensor, Tensor>
{
    private readonly Embedding embedding;
    private readonly ModuleList<NaiveBlock> blocks;
    private readonly NaiveNorm norm;
    private readonly Linear head;

    public NaiveLlama(RandomModel.Size size, int rank, double alpha, double dropout)
        : base(nameof(NaiveLlama))
    {
        embedding = nn.Embedding(size.Vocabulary, size.Hidden);
        blocks = new ModuleList<NaiveBlock>([.. Enumerable.Range(0, size.Layers).Select(_ => new NaiveBlock(size, rank, alpha, dropout))]);
        norm = new NaiveNorm(size.Hidden);
        head = nn.Linear(size.Hidden, size.Vocabulary, hasBias: false);
        RegisterComponents();
        foreach ((string name, Parameter parameter) in named_parameters())
        {
            parameter.requires_grad = name.Contains("lora", StringComparison.Ordinal);
        }
    }

    /// <summary>ids [B, T] to logits [B, T, V].</summary>
    public override Tensor forward(Tensor ids)
    {
        Tensor x = embedding.forward(ids);
        foreach (NaiveBlock block in blocks)
        {
            x = block.forward(x);
        }

        return head.forward(norm.forward(x));
    }

    /// <summary>One optimizer step: mean cross-entropy of all labels but -100, clipped to 1.</summary>
    public void Step(Tensor ids, Tensor labels, optim.Optimizer optimizer, IReadOnlyList<Parameter> trainable)
    {
        using var scope = NewDisposeScope();
        optimizer.zero_grad();
        Tensor logits = forward(ids).to(ScalarType.Float32);
        long length = ids.size(1), vocabulary = logits.size(2);
        Tensor loss = F.cross_entropy(logits.narrow(1, 0, length - 1).reshape(-1, vocabulary), labels.narrow(1, 1, length - 1).reshape(-1), ignore_index: -100);
        loss.backward();
        nn.utils.clip_grad_norm_(trainable, 1.0);
        optimizer.step();
        _ = loss.item<float>();
    }
}

/// <summary>One block of <see cref="NaiveLlama"/>.</summary>
internal sealed class NaiveBlock : nn.Module<Tensor, Tensor>
{
    private readonly NaiveNorm first;
    private readonly NaiveNorm second;
    private readonly NaiveLora query;
    private readonly Linear key;
    private readonly NaiveLora value;
    private readonly Linear output;
    private readonly Linear gate;
    private readonly Linear up;
    private readonly Linear down;
    private readonly SiLU silu = nn.SiLU();
    private readonly int heads;
    private readonly int keyHeads;

    public NaiveBlock(RandomModel.Size size, int rank, double alpha, double dropout)
        : base(nameof(NaiveBlock))
    {
        (heads, keyHeads) = (size.Heads, size.KeyValueHeads);
        long keyWidth = (long)keyHeads * (size.Hidden / heads);
        (first, second) = (new NaiveNorm(size.Hidden), new NaiveNorm(size.Hidden));
        query = new NaiveLora(size.Hidden, size.Hidden, rank, alpha, dropout);
        key = nn.Linear(size.Hidden, keyWidth, hasBias: false);
        value = new NaiveLora(size.Hidden, keyWidth, rank, alpha, dropout);
        output = nn.Linear(size.Hidden, size.Hidden, hasBias: false);
        gate = nn.Linear(size.Hidden, size.Middle, hasBias: false);
        up = nn.Linear(size.Hidden, size.Middle, hasBias: false);
        down = nn.Linear(size.Middle, size.Hidden, hasBias: false);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        (long rows, long length) = (x.size(0), x.size(1));
        Tensor n = first.forward(x);
        Tensor q = Rotate(query.forward(n).view(rows, length, heads, -1)).transpose(1, 2);
        Tensor k = Rotate(key.forward(n).view(rows, length, keyHeads, -1)).transpose(1, 2);
        Tensor v = value.forward(n).view(rows, length, keyHeads, -1).transpose(1, 2);
        long group = heads / keyHeads;
        Tensor attended = F.scaled_dot_product_attention(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), is_casual: true);
        x = x + output.forward(attended.transpose(1, 2).reshape(rows, length, -1));
        Tensor m = second.forward(x);
        return x + down.forward(silu.forward(gate.forward(m)) * up.forward(m));
    }

    // x cos + rotate_half(x) sin, as in the published code.
    private static Tensor Rotate(Tensor x)
    {
        long half = x.size(3) / 2;
        Tensor angles = outer(arange(x.size(1), ScalarType.Float32), pow(10000f, arange(half, ScalarType.Float32).mul(-1.0 / half)));
        Tensor both = cat([angles, angles], -1).unsqueeze(1);
        Tensor turned = cat([x.narrow(3, half, half).neg(), x.narrow(3, 0, half)], -1);
        return (x * both.cos().to(x.dtype)) + (turned * both.sin().to(x.dtype));
    }
}

/// <summary>y = W x + alpha / r * B A dropout(x).</summary>
internal sealed class NaiveLora : nn.Module<Tensor, Tensor>
{
    private readonly Linear inner;
    private readonly Linear lora_A;
    private readonly Linear lora_B;
    private readonly Dropout dropped;
    private readonly double scaling;

    public NaiveLora(long input, long output, int rank, double alpha, double dropout)
        : base(nameof(NaiveLora))
    {
        inner = nn.Linear(input, output, hasBias: false);
        lora_A = nn.Linear(input, rank, hasBias: false);
        lora_B = nn.Linear(rank, output, hasBias: false);
        dropped = nn.Dropout(dropout);
        scaling = alpha / rank;
        RegisterComponents();
    }

    public override Tensor forward(Tensor x) => inner.forward(x) + (lora_B.forward(lora_A.forward(dropped.forward(x))) * scaling);
}

/// <summary>The norm of Llama.</summary>
internal sealed class NaiveNorm : nn.Module<Tensor, Tensor>
{
    private readonly Parameter weight;

    public NaiveNorm(long width)
        : base(nameof(NaiveNorm))
    {
        weight = nn.Parameter(ones(width));
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor wide = x.to(ScalarType.Float32);
        return weight * (wide * rsqrt(wide.pow(2).mean([-1L], true) + 1e-5)).to(x.dtype);
    }
}
